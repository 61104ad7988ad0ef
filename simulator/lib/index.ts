export type { Consent } from './consent/authorization.ts';
export {
  type AuthorizeOptions,
  AuthorizeRefusal,
  type AuthorizeURL,
  type ConsentOptions,
  type ConsentURLOptions,
  type Decision,
} from './consent/direct.ts';
export type { FitbitAppSettings } from './fitbit/app.ts';
export type { FitbitEndpoints } from './fitbit/endpoints.ts';
export type { GoogleHealthAppSettings } from './google/app.ts';
export type { Attempt, Delivery } from './google/deliveries.ts';
export type { GoogleHealthEndpoints } from './google/endpoints.ts';
export type { SecurityEventType } from './google/security-events/event-types.ts';
export type { NewSecurityEvent, SecurityEvents } from './google/security-events/security-events-api.ts';
export type { ServiceAccountKey } from './google/security-events/service-account.ts';
export type { DataChange, NewSubscriber, Webhooks } from './google/webhooks/webhooks-api.ts';
export {
  type DeletedAccount,
  type RemovedAccess,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type Walk,
} from './simulator.ts';
export type { AppSettings } from './world/apps.ts';
export type { ClockSettings, Duration } from './world/clock.ts';
export type { Fault, FaultKind, FaultOptions, FaultReply } from './world/faults.ts';
export type { Grant } from './world/ledger.ts';
export type { People } from './world/people.ts';
export type { FitbitAccount, GoogleAccount, NewGoogleAccount, NewPerson, Person } from './world/person.ts';
export type { Endpoint, Provider } from './world/provider.ts';
export type { LoggedRequest } from './world/request-log.ts';
export { defaultSwitches, type Switches } from './world/switches.ts';
