export { FileTokenStore } from './token-manager/file.ts';
export { TokenManager } from './token-manager/manager.ts';
export { MemoryTokenStore } from './token-manager/memory.ts';
export type {
  ReauthorizeEvent,
  RecoverOptions,
  Recovery,
  RefreshedEvent,
  RemoveOptions,
  TokenManagerOptions,
  UnsavedEvent,
} from './token-manager/options.ts';
export type { LockedRecord, TokenRecord, TokenStore } from './token-manager/store.ts';
