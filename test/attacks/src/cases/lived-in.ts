import { createCipheriv, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Person } from '@strongroom/sss-lca/testing'
import { Aviary } from '../attacker/canaries.ts'
import { sha256base64url } from '../attacker/digests.ts'
import { askLoginCode, type LcaPlace, mailedCode, must, newPhone, newShare, personAt } from '../attacker/lca-people.ts'
import { codesTo } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { openSession } from './relay-hijack.ts'

export interface LivedIn {
  place: LcaPlace
  randomness: Randomness
  /** Does what the original does not know: restores, starts over, registers a device. */
  additive: (one: Person, pushToken: string) => Promise<void>
}

/** A world in which everything has happened once, and what nobody may find in what it left. */
export async function liveIn({ place, randomness, additive }: LivedIn) {
  const aviary = new Aviary(randomness)
  const recorded = recordTokens(place, aviary)
  const email = aviary.release('e-mail address', (token) => `${token}@${randomness.token(20)}.example`)
  const phone = newPhone(randomness)
  aviary.watch('phone number', Buffer.from(phone.slice(1)))
  const [ann, bob] = [personAt(recorded, { email }), personAt(recorded, { phone })]
  for (const person of [ann, bob, ann]) await must(person.put(watchShare('share', { aviary, randomness })))
  aviary.watch('presentation', Buffer.from(signatureOf(ann.vp())))

  const passkey = { encryptedData: aviary.release('recovery share'), iv: aviary.release('iv of a recovery share') }
  await must(ann.addMethod({ type: 'passkey', credentialId: 'one', encryptedShare: passkey, shareVersion: 2 }))
  await must(ann.addMethod({ type: 'backup', encryptedShare: aviary.release('recovery share as a text') }))
  await must(ann.readMethod({ type: 'passkey' }))

  const mail = (name: string) => aviary.release(name, (token) => `${token}@${randomness.token(20)}.example`)
  const [recovery, moved, waiting, asked] = [
    mail('recovery address'),
    mail('new address'),
    mail('pending address'),
    mail('asker'),
  ]
  await must(ann.verifyEmail(await mailedCode(recorded, recovery, () => ann.addEmail(recovery))))
  await must(
    ann.backUp({ emailShare: `0002${watchShare('mailed share', { aviary, randomness })}`, useRecoveryEmail: true }),
  )
  const code = await mailedCode(recorded, moved, askLoginCode(bob, moved))
  await must(bob.upgrade({ previousPhone: phone, email: moved, code }))
  await pairDevices(recorded, { approver: ann, aviary, randomness })
  await additive(ann, aviary.release('push token'))
  // Left unused: a live code is worth most.
  await mailedCode(recorded, waiting, () => ann.addEmail(waiting))
  await mailedCode(recorded, asked, askLoginCode(ann, asked))
  await ann.verifyEmail('000000')

  const addresses = [recovery, moved, waiting, asked]
  const codes = (await Promise.all(addresses.map((address) => codesTo(recorded, address)))).flat()
  return { canaries: aviary.canaries, codes }
}

interface Watching {
  aviary: Aviary
  randomness: Randomness
}

/** Looked for as the text that it is, and as the bytes that it spells. */
function watchShare(name: string, { aviary, randomness }: Watching): string {
  const share = newShare(randomness)
  aviary.watch(name, Buffer.from(share))
  aviary.watch(`${name}, its bytes`, Buffer.from(share, 'hex'))
  return share
}

/** Payload and keys of a pairing: the server is given the public halves and what was encrypted. */
async function pairDevices(place: LcaPlace, { approver, aviary, randomness }: Watching & { approver: Person }) {
  const key = randomBytes(32)
  const pair = generateKeyPairSync('x25519')
  aviary.watch('QR payload key', key)
  aviary.watch('QR private key', pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32))
  const pollToken = aviary.release('poll token')
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
  const { sessionId } = await openSession(place, { publicKey, pollTokenDigest: sha256base64url(pollToken) })
  const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12))
  const share = watchShare('device share', { aviary, randomness })
  const encryptedPayload = Buffer.concat([cipher.update(share), cipher.final()]).toString('base64')
  const path = `/qr-login/session/${sessionId}/approve`
  await must(approver.ask({ path, body: { ...(await approver.login()), encryptedPayload, approverDid: approver.did } }))
  await must(
    approver.ask({ method: 'GET', path: `/qr-login/session/${sessionId}`, headers: { 'x-poll-token': pollToken } }),
  )
}

const signatureOf = (jwt: string): string => jwt.split('.')[2] ?? ''
const mostTokens = 4

/** Watches the first tokens' signatures, which alone are secret, and every subject. */
function recordTokens(place: LcaPlace, aviary: Aviary): LcaPlace {
  const subjects = new Set<string>()
  let tokens = 0
  const issueToken: LcaPlace['issuer']['issueToken'] = async (request) => {
    const token = await place.issuer.issueToken(request)
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as { sub: string }
    if (!subjects.has(sub)) aviary.watch('subject', Buffer.from(sub))
    if (tokens++ < mostTokens) aviary.watch('login token', Buffer.from(signatureOf(token)))
    subjects.add(sub)
    return token
  }
  return { ...place, issuer: { issueToken } }
}
