/** The meaning and the remedy of one of Google's errors. */
export interface Reason {
  /** The error's code, if it is not Google's own in lowercase. */
  code?: string;
  /** For the developer. */
  remedy: string;
  /** For the user. Only errors that the user can resolve have it; in a login, they become failures. */
  message?: string;
  /** Whether the same call may succeed later, if the HTTP status suggests otherwise. */
  retryable?: boolean;
  /** Whether only a new consent helps, if the code alone does not say so. */
  reauthorize?: boolean;
}

const ACCOUNT_NOT_LINKED: Reason = {
  message:
    'This Google account has no Google Health or Fitbit profile. Sign in with the account that your device uses, or set this one up in its app first.',
  remedy:
    'The Google account has no Google Health profile: the user has to choose another account, or set this one up in the Google Health app. Workspace accounts may be unable to have a profile.',
};

const ACCOUNT_NOT_MIGRATED: Reason = {
  code: 'account_not_migrated',
  message:
    'Your Fitbit account has not been moved to this Google account yet. Open the Fitbit or Google Health app, move the account and finish the setup, then sign in again.',
  remedy:
    'One of three causes: the Fitbit account has not been moved to a Google account, the user has not finished the Google Health setup, or the access token also has scopes of other Google APIs.',
};

const PROFILE_NOT_READY: Reason = {
  code: 'profile_not_ready',
  message: 'Your Google Health profile is not ready yet. Open the Google Health app and finish the setup.',
  remedy: 'The user has to finish the setup in the Google Health app, and then sign in again.',
};

const MISSING_SCOPE: Reason = {
  code: 'missing_scope',
  reauthorize: true,
  message: 'This app needs a permission that was not granted. Please sign in again and select it.',
  remedy: 'The user did not grant the scope that this request needs: request it in a new login.',
};

const DISALLOWED_SCOPES: Reason = {
  remedy:
    'The access token also has scopes of other Google APIs, which the Health API refuses. Request only Health and OpenID scopes, without includeGrantedScopes, and use another Google Cloud project for other scopes. For existing tokens, a refresh with only Health scopes as `scope` returns an access token that works.',
};

const RECONNECT: Reason = {
  reauthorize: true,
  remedy:
    "Google denies access to this user's data until the user connects again: revoke the user's token, then send the user to the login.",
};

const DEAD_ACCESS_TOKEN: Reason = {
  remedy: 'The access token is missing, has expired or was revoked: refresh it.',
};

const CLIENT: Reason = {
  remedy:
    'Check clientID and clientSecret against the OAuth client in the Google Cloud project: it may have been deleted or disabled, or have another type.',
};

const ADMINISTRATOR: Reason = {
  message:
    'The administrator of your Google account does not allow this app. Sign in with another account, or ask your administrator.',
  remedy:
    'A Google Workspace administrator has to allow the OAuth client under "API controls", or the user has to choose another account.',
};

const NEEDS_A_PAGE: Reason = {
  message: 'Google needs your input before you can sign in. Please sign in again.',
  remedy:
    'With `prompt: "none"`, Google can\'t show the page that this login needs: start it again without `prompt`.',
};

const WRONG_REQUEST: Reason = {
  remedy: 'The request is wrong, and repeating it does not help: `description` says which part.',
};

const WRONG_FILTER: Reason = {
  remedy: 'The filter of the request is wrong: `description` says where. Check it against the data type.',
};

const WRONG_TIME: Reason = {
  remedy: 'The time range, window or date of the request is wrong: `description` says which one.',
};

const WRONG_DATA_POINT: Reason = {
  remedy: 'The data point or its data type does not fit the request: `description` says what is wrong.',
};

const WRONG_SUBSCRIPTION: Reason = {
  remedy: 'The subscriber, subscription, user or data type in the request is missing or malformed.',
};

/**
 * The meaning of each of Google's errors: a `reason` of `google.rpc.ErrorInfo`, a `status` of `google.rpc.Status`, or
 * an OAuth error, all in lowercase. An unknown reason is ignored, and the status is used.
 *
 * @see https://developers.google.com/health/reference/rest/v4/errors
 * @see https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors
 */
export const REASONS: Readonly<Record<string, Reason>> = {
  // The user's account
  account_not_linked: ACCOUNT_NOT_LINKED,
  missing_oauth_scope: MISSING_SCOPE,
  access_token_scope_insufficient: MISSING_SCOPE,
  insufficient_scope: MISSING_SCOPE,
  disallowed_oauth_scopes: DISALLOWED_SCOPES,
  data_access_denied: RECONNECT,
  resource_permission_denied: RECONNECT,
  permission_denied: {
    remedy:
      'Check that the Google Health API is enabled in the Google Cloud project, that the user granted the scope, and that the Fitbit account has been moved to a Google account.',
  },

  // The access token
  credentials_missing: DEAD_ACCESS_TOKEN,
  access_token_expired: DEAD_ACCESS_TOKEN,
  unauthenticated: DEAD_ACCESS_TOKEN,

  // The Google Cloud project
  service_disabled: {
    remedy: 'Enable the Google Health API in the Google Cloud project of the OAuth client.',
  },
  api_private_preview_access_denied: {
    remedy: 'This part of the API is in private preview: ask Google to admit the Google Cloud project.',
  },
  user_project_denied: {
    remedy:
      'The credentials may not use the project named in x-goog-user-project: remove the header, or grant the role Service Usage Consumer.',
  },
  iam_permission_denied: {
    remedy: 'Grant the IAM role that this call needs in the Google Cloud project.',
  },
  consumer_invalid: {
    remedy:
      'The Google Cloud project does not exist or was deleted: check the OAuth client and the project number.',
  },

  // The OAuth client and the login
  invalid_client: CLIENT,
  deleted_client: CLIENT,
  disabled_client: CLIENT,
  unauthorized_client: CLIENT,
  redirect_uri_mismatch: {
    remedy: 'Add the callbackURL to the authorized redirect URIs of the OAuth client, exactly as it is.',
  },
  invalid_grant: {
    remedy:
      'The code was used before, has expired, or was issued for another callbackURL or code verifier: start the login again.',
  },
  admin_policy_enforced: ADMINISTRATOR,
  org_internal: {
    message:
      'Only members of one organization can sign in to this app with Google. Sign in with your account of that organization.',
    remedy:
      'The audience of the Google Cloud project is "Internal": set it to "External" to let other accounts sign in.',
  },
  interaction_required: NEEDS_A_PAGE,
  login_required: NEEDS_A_PAGE,
  consent_required: NEEDS_A_PAGE,
  immediate_failed: NEEDS_A_PAGE,

  // The request
  rate_limited: {
    remedy:
      'Google Health allows 300 requests a minute for each user: wait for a minute, or as long as retryAfter says.',
  },
  invalid_filter_format: WRONG_FILTER,
  invalid_data_point_filter: WRONG_FILTER,
  invalid_data_point_filter_syntax: WRONG_FILTER,
  invalid_data_point_filter_missing_token: WRONG_FILTER,
  invalid_data_point_filter_unexpected_token: WRONG_FILTER,
  invalid_data_point_filter_unexpected_end_of_input: WRONG_FILTER,
  invalid_data_point_filter_expression_structure: WRONG_FILTER,
  invalid_data_point_filter_restriction_comparable: WRONG_FILTER,
  invalid_data_point_filter_data_type_restriction: WRONG_FILTER,
  invalid_data_point_filter_mixed_data_type_restrictions: WRONG_FILTER,
  invalid_data_point_filter_mixed_time_restrictions: WRONG_FILTER,
  invalid_data_point_filter_data_type_member: WRONG_FILTER,
  invalid_data_point_filter_restriction_comparator: WRONG_FILTER,
  invalid_data_point_filter_timestamp_format: WRONG_FILTER,
  invalid_data_point_filter_civil_date_time_format: WRONG_FILTER,
  invalid_data_point_filter_restriction_argument: WRONG_FILTER,
  invalid_data_point_filter_collection_mismatch: WRONG_FILTER,
  missing_data_point_filter: WRONG_FILTER,
  invalid_time_range_interval_format: WRONG_TIME,
  invalid_time_range: WRONG_TIME,
  invalid_rollup_query_duration: WRONG_TIME,
  invalid_rollup_window: WRONG_TIME,
  invalid_civil_date_time: WRONG_TIME,
  invalid_parent_data_type_collection_format: WRONG_DATA_POINT,
  invalid_parent_data_type_collection: WRONG_DATA_POINT,
  invalid_data_point_data_source_family: WRONG_DATA_POINT,
  invalid_data_point_name: WRONG_DATA_POINT,
  missing_data_point_names: WRONG_DATA_POINT,
  missing_data_point_id: WRONG_DATA_POINT,
  missing_data_point_value: WRONG_DATA_POINT,
  data_type_mismatch: WRONG_DATA_POINT,
  update_only_upsert_supported: WRONG_DATA_POINT,
  multiple_data_types_unsupported: WRONG_DATA_POINT,
  unsupported_data_type_action: WRONG_DATA_POINT,
  invalid_data_type: WRONG_DATA_POINT,
  invalid_data_type_format: WRONG_DATA_POINT,
  data_point_not_owned_by_client: {
    remedy: 'Only the OAuth client that wrote a data point can change or delete it.',
  },
  invalid_profile_data: WRONG_REQUEST,
  invalid_field_mask_data: WRONG_REQUEST,
  invalid_page_size: WRONG_REQUEST,
  invalid_page_token: {
    remedy:
      'Send the nextPageToken of the previous page with otherwise unchanged parameters, or begin at the first page.',
  },
  missing_subscriber: WRONG_SUBSCRIPTION,
  invalid_subscriber_name: WRONG_SUBSCRIPTION,
  missing_subscription: WRONG_SUBSCRIPTION,
  invalid_subscription_name: WRONG_SUBSCRIPTION,
  missing_data_types: WRONG_SUBSCRIPTION,
  data_types_cannot_be_empty: WRONG_SUBSCRIPTION,
  missing_user: WRONG_SUBSCRIPTION,
  invalid_user_resource_name: WRONG_SUBSCRIPTION,
  resource_not_found: {
    remedy: 'The resource does not exist: check its name, and whether it was deleted.',
  },
  // Google's 409s are not all alike: writing the same sleep again never succeeds.
  sleep_already_exists: {
    code: 'sleep_already_exists',
    retryable: false,
    remedy: 'A sleep log for this time already exists: update that one.',
  },
  internal_error: { remedy: 'A failure at Google: try again later.' },
};

type Unnamed = 'accountNotMigrated' | 'profileNotReady' | 'deadRefreshToken' | 'sessionControl';

/** Reasons without a name, recognized by the HTTP status or the text: see `explain`. */
export const UNNAMED: Readonly<Record<Unnamed, Reason>> = {
  accountNotMigrated: ACCOUNT_NOT_MIGRATED,
  profileNotReady: PROFILE_NOT_READY,
  /** `invalid_grant` from a refresh. */
  deadRefreshToken: {
    remedy:
      'The refresh token was revoked, was not used for six months, or is older than seven days while the Google project is in Testing: the user has to sign in again.',
  },
  /** `invalid_grant` with `error_subtype` `invalid_rapt` or `rapt_required`. */
  sessionControl: {
    reauthorize: true,
    remedy:
      'The session control of the user\'s Google Workspace requires a new sign-in: send the user to the login. An administrator can exempt the app under "Google Cloud session control".',
  },
};
