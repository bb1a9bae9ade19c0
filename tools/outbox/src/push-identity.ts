import { createECDH, generateKeyPair } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { certify } from './certificate.ts'

const serviceAccount = z.object({
  type: z.literal('service_account'),
  project_id: z.string(),
  private_key: z.string(),
  client_email: z.string(),
})
const kept = z.object({
  key: z.string(),
  certificate: z.string(),
  vapid: z.object({ publicKey: z.string(), privateKey: z.string() }),
  serviceAccount: serviceAccount.optional(),
})
type Kept = z.output<typeof kept>

/** The key file of a service account, as Google writes it. */
export type ServiceAccount = z.output<typeof serviceAccount>

/** Who this machine is as a push service, and who may push through it. */
export interface PushIdentity extends Pick<Kept, 'key' | 'certificate' | 'vapid'> {
  /** Made when it is first asked for: an RSA key takes its time. */
  serviceAccount(): Promise<ServiceAccount>
}

const names = ['localhost', '127.0.0.1', 'fcm.googleapis.com', 'oauth2.googleapis.com']

/** Reads what the file keeps, or makes it anew and keeps it there; in memory alone where no file is given. */
export function openPushIdentity(file: string | undefined): PushIdentity {
  let known = read(file) ?? { ...certify(names), vapid: makeVapid() }
  keep(file, known)
  let making: Promise<ServiceAccount> | undefined
  return {
    ...known,
    async serviceAccount() {
      making ??= known.serviceAccount ? Promise.resolve(known.serviceAccount) : makeServiceAccount()
      const made = await making
      if (!known.serviceAccount) keep(file, (known = { ...known, serviceAccount: made }))
      return made
    },
  }
}

function read(file: string | undefined): Kept | undefined {
  try {
    return file === undefined ? undefined : kept.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

function keep(file: string | undefined, identity: Kept): void {
  if (file === undefined) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, `${JSON.stringify(identity)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function makeVapid() {
  const pair = createECDH('prime256v1')
  const publicKey = pair.generateKeys('base64url')
  const scalar = pair.getPrivateKey()
  return { publicKey, privateKey: Buffer.concat([Buffer.alloc(32 - scalar.length), scalar]).toString('base64url') }
}

async function makeServiceAccount(): Promise<ServiceAccount> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    type: 'service_account',
    project_id: 'strongroom-dev',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'push@strongroom-dev.iam.gserviceaccount.com',
  }
}
