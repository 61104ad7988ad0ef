const { generateKeyPairSync, sign } = require('node:crypto');
const {
  createSecurityEventHandler,
  verifySecurityEvent,
} = require('passport-fitbit-strategy/google-health/security-events');
const { createWebhookHandler } = require('passport-fitbit-strategy/google-health/webhooks');

test('verifies an event token', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'https://accounts.google.com', aud: 'app', jti: 'a', iat: 1, events: { event: {} } };
  const input = `${encode({ alg: 'RS256', kid: 'key' })}.${encode(claims)}`;
  const token = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  const keys = { find: async () => ({ key: publicKey, issuer: 'https://accounts.google.com/' }) };
  const options = { clientIDs: ['app'], keys };
  expect(await verifySecurityEvent(token, options)).toEqual({
    jti: 'a',
    iat: 1,
    events: [{ type: 'event', uri: 'event' }],
  });
  await expect(verifySecurityEvent(`${token}A`, options)).rejects.toThrow('its signature is wrong');
});

test('makes handlers', () => {
  expect(typeof createWebhookHandler({ secret: 'Bearer a', onNotification: () => {} })).toBe('function');
  expect(typeof createSecurityEventHandler({ clientIDs: ['app'], onEvent: () => {} })).toBe('function');
});
