import type { DuoClient } from '../src/api/duo-client.ts'

export const face = {
  faceScan: 'YSBmYWNl',
  auditTrailImage: 'aW1hZ2U=',
  lowQualityAuditTrailImage: 'c21hbGw=',
  userAgent: 'facetec|sdk|ios',
  // The SDK's own result holds more, which nobody asked for.
  sessionId: 'of the SDK',
}
const faceOnWire = {
  face_scan: 'YSBmYWNl',
  audit_trail_image: 'aW1hZ2U=',
  low_quality_audit_trail_image: 'c21hbGw=',
  user_agent: 'facetec|sdk|ios',
}
// RFC 6979's, A.2.5: a point on the curve.
const deviceId =
  '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299'
const proof = { deviceId, signature: '3006020101020101' }
const proofOnWire = { device_id: deviceId, signature: '3006020101020101' }
const sealed = Uint8Array.of(1, 2, 3)

/** A call as it should be on the wire, the method that makes it, and the body that it should have. */
export type Route = readonly [call: string, ask: (client: DuoClient) => Promise<unknown>, body: object | undefined]

export const routes: readonly Route[] = [
  ['POST /auth/users/register', (client) => client.registerUser(), {}],
  ['POST /auth/users/register', (client) => client.registerUser({ displayName: 'Ann' }), { display_name: 'Ann' }],
  [`GET /auth/devices/challenge/${deviceId}`, (client) => client.getChallenge(deviceId), undefined],
  ['POST /auth/devices/register', (client) => client.registerDevice(proof), proofOnWire],
  [
    'POST /auth/devices/register',
    (client) => client.registerDevice(proof, { name: 'Phone', face }),
    { ...proofOnWire, device_name: 'Phone', ...faceOnWire },
  ],
  ['GET /v2/devices', (client) => client.listDevices(), undefined],
  [`DELETE /v2/devices/${deviceId}`, (client) => client.revokeDevice(deviceId), undefined],
  ['POST /auth/face/register', (client) => client.registerFace(face), faceOnWire],
  ['POST /auth/face/register', (client) => client.registerFace(face, proof), { ...faceOnWire, ...proofOnWire }],
  ['GET /v2/face', (client) => client.getFace(), undefined],
  ['GET /auth/face/session-token', (client) => client.faceSessionToken(), undefined],
  ['GET /auth/face/session-token', (client) => client.faceSessionToken(face.userAgent), undefined],
  ['GET /v2/keys', (client) => client.listKeys(), undefined],
  [
    'POST /v2/keyshare/backup',
    (client) => client.backUp([{ keyId: 'key-1', sealed }]),
    { keyshares: [{ key_id: 'key-1', encrypted_keyshare: 'AQID' }] },
  ],
  [
    'POST /v2/keyshare/recover',
    (client) => client.recover(['key-1', 'key-2'], face),
    { key_ids: ['key-1', 'key-2'], ...faceOnWire },
  ],
  ['GET /transactions', (client) => client.listTransactions().next(), undefined],
  [
    'GET /transactions',
    (client) => client.listTransactions({ keyId: 'key-1', type: 'sign', status: 'completed', limit: 1 }).next(),
    undefined,
  ],
]
