import { errorOf } from './client.ts'

const exactly = (text: string): RegExp => new RegExp(`^${text.replaceAll(/[{}[\]().*+?^$|\\]/g, String.raw`\$&`)}$`)

/** What stands in every field of these tests that is refused; no answer and no line of a log may have it. */
export const canary = 'cAnArY7391'

export interface Route {
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly path: string
  /** What a good request has. */
  readonly body?: Readonly<Record<string, unknown>>
  /** By field, values that are no good there, and the answer. `undefined` leaves the field out. */
  readonly bad: Readonly<Record<string, { readonly values: readonly unknown[]; readonly answer: RegExp }>>
}

const long = (most: number) => canary.repeat(Math.ceil((most + 1) / canary.length))
const invalid = (field: string) => exactly(errorOf(100801, `Request validation failed: ${field}`))

// Of RFC 6979 A.2.5.
export const key =
  '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299'
const signature =
  '304502202db52cbe54c84fd5cdacf5913cee53c741d3468deeb579592c85f7b7bac78fde022100e2aa955c8f6c1afb2ce352a804bc24cdc554ce2849f39b49206ca7ed497d2af8'

const badKeys = [null, 7, '', canary, `${key}${canary}`, [key], { canary }, `0x${key}`]
const badSignatures = [null, 7, '', canary, `${signature}00`, [signature], { canary }]
const badImages = [null, 7, '', canary, `${canary}!!`, 'AAA', 'AB==', 'AAAA\n', [canary], { canary }, '====']
const badAgents = [null, 7, [canary], `${canary}\u0000`, `${canary}\u00e4`, `${canary}\r\nx: y`, long(1024)]
const faceError = exactly(errorOf(100708, 'Invalid or incomplete face fields'))
const keyError = exactly(errorOf(100403, 'Invalid device verifying key'))
const signatureError = exactly(errorOf(100504, 'Signature is not hex DER'))

const scan = { face_scan: 'AAAA', audit_trail_image: 'AAAA', low_quality_audit_trail_image: 'AAAA' }
const badScan = (values: readonly unknown[]) => ({
  face_scan: { values, answer: faceError },
  audit_trail_image: { values, answer: faceError },
  low_quality_audit_trail_image: { values, answer: faceError },
  user_agent: { values: badAgents, answer: faceError },
})

export const routes: readonly Route[] = [
  {
    method: 'POST',
    path: '/auth/users/register',
    body: {},
    bad: { display_name: { values: [null, 7, [canary], long(128)], answer: invalid('body display_name') } },
  },
  {
    method: 'POST',
    path: '/auth/devices/register',
    body: { device_id: key, signature, ...scan },
    bad: {
      device_id: { values: [undefined, ...badKeys], answer: keyError },
      signature: { values: [undefined, ...badSignatures], answer: signatureError },
      device_name: {
        values: [null, 7, '', [canary], long(64), `${canary}\ud800`],
        answer: invalid('body device_name'),
      },
      ...badScan([undefined, ...badImages]),
    },
  },
  {
    method: 'POST',
    path: '/auth/face/register',
    body: scan,
    bad: {
      device_id: { values: badKeys, answer: keyError },
      signature: { values: badSignatures, answer: signatureError },
      ...badScan([undefined, ...badImages]),
    },
  },
  {
    method: 'POST',
    path: '/v2/keyshare/recover',
    body: { key_ids: ['key'], ...scan },
    bad: {
      key_ids: {
        values: [
          undefined,
          null,
          canary,
          [],
          {},
          [7],
          [canary, ''],
          [`${canary} ${canary}`],
          [long(128)],
          long(20).split(''),
        ],
        answer: /^\{"error":\{"code":100801,"message":"Request validation failed: body key_ids( \d)?"\}\}$/,
      },
      ...badScan([undefined, ...badImages]),
    },
  },
]
