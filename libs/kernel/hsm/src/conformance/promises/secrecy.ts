import { ok } from 'node:assert/strict'
import { inspect } from 'node:util'
import { Secret, toBase64url, toHex } from '@strongroom/crypto'
import { sealForRecovery } from '../../seal-for-recovery.ts'
import { promisesOf } from '../token-promise.ts'
import { binding } from '../trial.ts'

const deeply = (value: unknown): string =>
  inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null })

const formsOf = (secret: Secret): readonly string[] => {
  const bytes = secret.expose()
  return [new TextDecoder().decode(bytes), toHex(bytes), toBase64url(bytes), bytes.join(', ')]
}

/** Of errors, log lines and objects, printed as deep as they go. */
function assertHidden(seen: readonly unknown[], secrets: readonly Secret[]): void {
  const printed = deeply(seen)
  for (const form of secrets.flatMap(formsOf)) ok(!printed.includes(form), 'a secret is printed')
}

const outcome = (attempt: Promise<unknown>): Promise<unknown> => attempt.catch((error: unknown) => error)
const deviceError = { name: 'CKR_DEVICE_ERROR', code: 0x30 }

export const secrecy = promisesOf(
  { area: 'secrecy', needs: ['mac'] },
  {
    'no error, log line or view of an object holds the PIN or a message': async ({
      open,
      connection,
      keys,
      faults,
    }) => {
      const seen: unknown[] = []
      const message = new Secret('message-of-a-mac')
      const keystore = await open({ log: (...line: readonly string[]) => seen.push(line) })
      const misrecorded = keys.map((record) => ({ ...record, checkValue: message.expose() }))
      const refused = [
        await outcome(keystore.mac('undeclared', message.expose())),
        await outcome(keystore.open(message.expose(), binding)),
        await outcome(open({ tokenLabel: 'nobody' })),
        await outcome(open({ keys: misrecorded })),
      ]
      const device = faults()
      device.fail(['C_SignInit', 'C_OpenSession', 'C_Initialize'], deviceError)
      refused.push(await outcome(keystore.mac('code', message.expose())))
      device.mend()
      ok(
        refused.every((error) => error instanceof Error),
        'not every attempt failed',
      )
      assertHidden([seen, refused, keystore, connection], [message, connection.pin])
    },
  },
)

export const sealedSecrecy = promisesOf(
  { area: 'secrecy', needs: ['seal', 'wrap', 'mac'] },
  {
    'no error, log line or view of an object holds what was sealed, or a factor': async ({
      open,
      connection,
      faults,
    }) => {
      const seen: unknown[] = []
      const plaintext = new Secret('plaintext-of-a-secret')
      const lock = { binding, factor: new Secret('factor-of-a-lock') }
      const keystore = await open({ log: (...line: readonly string[]) => seen.push(line) })
      const [envelope, locked] = [await keystore.seal(plaintext, binding), await keystore.issueLockedKey(lock)]
      const key = await keystore.openLockedKey(lock, locked)
      const refused = [
        await outcome(keystore.open(envelope, { ...binding, row: 'x' })),
        await outcome(keystore.open(envelope.slice(3), binding)),
        await outcome(keystore.openLockedKey(lock, { ...locked, envelope })),
      ]
      const device = faults()
      device.fail(['C_EncryptInit', 'C_OpenSession', 'C_Initialize', 'C_CreateObject'], deviceError)
      refused.push(await outcome(keystore.seal(plaintext, binding)), await outcome(keystore.issueLockedKey(lock)))
      device.mend()
      ok(
        refused.every((error) => error instanceof Error),
        'not every attempt failed',
      )
      const views = [keystore, lock, key, String(key), JSON.stringify({ key, lock })]
      assertHidden([seen, refused, views], [plaintext, lock.factor, connection.pin, key ?? new Secret('no key')])
    },
  },
)

export const recoveredSecrecy = promisesOf(
  { area: 'secrecy', needs: ['recover'] },
  {
    'no error or view of an object holds what a recovery copy holds': async ({ recovery, connection }) => {
      const { publicKey, shared } = await recovery('here')
      const secret = new Secret(new Uint8Array(32).fill(0x5a))
      const { deployment, app } = connection
      const copyOf = (value: Secret) => sealForRecovery(publicKey, value, { deployment, app, binding })
      const [copy, large] = [copyOf(secret), new Secret(new Uint8Array(5000).fill(0x5a))]
      const keystore = await shared()
      const refused = [
        await outcome(keystore.open(copy, { ...binding, row: 'x' })),
        await outcome(keystore.open(copy.slice(1), binding)),
        await outcome(Promise.resolve().then(() => copyOf(large))),
      ]
      ok(
        refused.every((error) => error instanceof Error),
        'not every attempt failed',
      )
      assertHidden([refused, keystore, await keystore.open(copy, binding)], [secret, large, connection.pin])
    },
  },
)
