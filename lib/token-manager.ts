export type { Timers } from './token-manager/clock.ts';
export { FileTokenStore } from './token-manager/file.ts';
export { TokenManager } from './token-manager/manager.ts';
export { MemoryTokenStore } from './token-manager/memory.ts';
export type {
  ConsentEndingEvent,
  ProviderCallOptions,
  ReauthorizeEvent,
  RecoverOptions,
  Recovery,
  RefreshedEvent,
  RemoveOptions,
  SaveOptions,
  TokenCallOptions,
  TokenManagerOptions,
  UnsavedEvent,
} from './token-manager/options.ts';
export type { TokenInput } from './token-manager/record.ts';
export type { RefreshNote, TokenRecord, TokenStore, Unfinished } from './token-manager/store.ts';
