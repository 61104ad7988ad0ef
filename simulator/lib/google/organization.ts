import type { App } from '../world/apps.ts';
import type { Person } from '../world/person.ts';

/** Why the user's organization, or the app's, does not let the user use the app. */
export interface OrganizationRefusal {
  readonly error: 'admin_policy_enforced' | 'org_internal';
  /** The status of Google's page. */
  readonly status: number;
  readonly note: string;
}

/** Why a user must not use an app, even with consent; undefined for other users. */
export function organizationRefusal(app: App, person: Person | undefined): OrganizationRefusal | undefined {
  if (person?.google?.forbidden) {
    const note = "the administrator of this user's organization does not allow the app";
    return { error: 'admin_policy_enforced', status: 400, note };
  }
  if (app.organization !== undefined && person?.google?.hostedDomain !== app.organization) {
    const note = `the app is for the users of ${app.organization} only`;
    return { error: 'org_internal', status: 403, note };
  }
  return undefined;
}
