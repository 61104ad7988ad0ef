"""Signs in to Fitbit with requests-oauthlib and its Fitbit compliance fix, as its users do.

Reads the client as JSON from the first line of standard input, prints the authorization URL, reads the callback URL
from the second line, and prints what happened as JSON.
"""
import base64
import hashlib
import json
import secrets
import sys

from oauthlib.oauth2 import InvalidClientError, InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session
from requests_oauthlib.compliance_fixes import fitbit_compliance_fix

client = json.loads(sys.stdin.readline())
auth = HTTPBasicAuth(client["clientID"], client["clientSecret"])
token_url = client["tokenURL"]
saved = []


def new_session(token=None):
    return fitbit_compliance_fix(
        OAuth2Session(
            client["clientID"],
            redirect_uri=client["redirectURI"],
            scope=["sleep", "profile"],
            token=token,
            auto_refresh_url=token_url,
            token_updater=saved.append,
        )
    )


def outcome(action):
    """The error of the OAuth protocol that an action ends in."""
    try:
        action()
    except (InvalidClientError, InvalidGrantError) as error:
        return error.error
    return "no error"


session = new_session()
verifier = secrets.token_urlsafe(48)
challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
url, _state = session.authorization_url(
    client["authorizationURL"], code_challenge=challenge, code_challenge_method="S256"
)
print(json.dumps({"authorizationURL": url}), flush=True)
callback = sys.stdin.readline().strip()

token = session.fetch_token(token_url, authorization_response=callback, auth=auth, code_verifier=verifier)
profile = session.get(client["userProfileURL"]).json()
replayed_code = outcome(
    lambda: new_session().fetch_token(
        token_url, code=callback.split("code=")[1].split("&")[0].split("#")[0], auth=auth, code_verifier=verifier
    )
)

fresh = session.refresh_token(token_url, refresh_token=token["refresh_token"], auth=auth)
repeated = session.refresh_token(token_url, refresh_token=token["refresh_token"], auth=auth)

# A session that knows its token to be old refreshes by itself before the next request.
stale = new_session({**fresh, "expires_at": 1})
refreshed_profile = stale.get(
    client["userProfileURL"], client_id=client["clientID"], client_secret=client["clientSecret"]
).json()

print(
    json.dumps(
        {
            "token": token,
            "userID": profile["user"]["encodedId"],
            "replayedCode": replayed_code,
            "freshRefreshToken": fresh["refresh_token"],
            "repeatedRefreshToken": repeated["refresh_token"],
            "savedTokens": saved,
            "userIDAfterAutoRefresh": refreshed_profile["user"]["encodedId"],
            "unknownRefreshToken": outcome(
                lambda: session.refresh_token(token_url, refresh_token="0" * 64, auth=auth)
            ),
            "wrongSecret": outcome(
                lambda: session.refresh_token(
                    token_url, refresh_token="0" * 64, auth=HTTPBasicAuth(client["clientID"], "wrong")
                )
            ),
        }
    )
)
