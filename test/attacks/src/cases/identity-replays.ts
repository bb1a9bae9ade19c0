import { ask, type Question } from '../attacker/ask.ts'
import { wireOf } from '../attacker/hang-up.ts'
import {
  digestOf,
  type IdentityKey,
  legacySigned,
  newIdentityKey,
  signedBy,
  signedOver,
} from '../attacker/identity-key.ts'
import { type IdentityOwner, type IdentityPlace, questionOf } from '../attacker/identity-people.ts'
import { sayRaw } from '../attacker/raw-wire.ts'

const blobOf = (value: string) => ({ data: { type: 'alpha', attributes: { value } } })

/** A signed request that somebody saw on its way: it keeps a text for the account. */
export const capture = (
  place: IdentityPlace,
  { accountId, signer }: IdentityOwner,
  value = 'what the owner wrote',
): Question => questionOf(place, `POST /accounts/${accountId}/blobs`, { by: signer, body: blobOf(value) })

export interface Replay {
  readonly place: IdentityPlace
  readonly owner: IdentityOwner
  readonly captured: Question
}

/** The same of a signature of the first version, which covers a target and an end: what goes beyond either. */
export function legacyReplaysOf({ place, owner, captured }: Replay): Record<string, Question> {
  const { baseUrl } = place
  const { url, headers = {} } = captured
  const target = url.slice(baseUrl.length)
  const reading = { method: 'GET', url: `${baseUrl}/identities/${owner.accountId}/settings` }
  const now = Math.floor(Date.now() / 1000)
  const until = Number(headers['x-authvaliduntilltimestamp'])
  const stranger = newIdentityKey()
  const by = (key: IdentityKey, end: number) => ({ ...captured, headers: legacySigned(key, { target, until: end }) })
  return {
    'with a query': { ...captured, url: `${url}?again=1` },
    'on another path': { ...reading, headers },
    'through another target’s header': { ...reading, headers: { ...headers, 'real-request-target': `get ${target}` } },
    'with a later end': { ...captured, headers: { ...headers, 'x-authvaliduntilltimestamp': String(until + 1) } },
    'with an end that was': by(owner.signer, now - 5),
    'with an end in more than an hour': by(owner.signer, now + 3_700),
    'by a stranger in the owner’s name': by({ ...owner.signer, sign: (bytes) => stranger.sign(bytes) }, until),
  }
}

const otherBody = JSON.stringify(blobOf('what the thief wrote'))

/** Case 12: what is made of a request that was captured; each as a question. */
export function replaysOf({ place, owner, captured }: Replay): Record<string, Question> {
  const { baseUrl } = place
  const path = `/accounts/${owner.accountId}/blobs`
  const { signature = '', ...others } = captured.headers ?? {}
  return {
    again: captured,
    'in the other header': { ...captured, headers: { ...others, authorization: signature } },
    'in the other header, with its scheme': {
      ...captured,
      headers: { ...others, authorization: `Signature ${signature}` },
    },
    'with another body': { ...captured, body: otherBody },
    'with another body and its digest': {
      ...captured,
      body: otherBody,
      headers: { ...captured.headers, digest: digestOf(otherBody) },
    },
    'its twin': { ...captured, headers: { ...others, signature: twinOf(signature) } },
    'on another path': { ...captured, url: `${baseUrl}/blobs` },
    'with a query': { ...captured, url: `${baseUrl}${path}?again=1` },
    'with another case of the path': { ...captured, url: `${baseUrl}/Accounts/${owner.accountId}/blobs` },
    'by another method': { ...captured, method: 'PUT', url: `${baseUrl}/identities/${owner.accountId}/settings` },
    'through another target’s header': {
      ...captured,
      url: `${baseUrl}/blobs`,
      headers: { ...captured.headers, 'real-request-target': `post ${path}` },
    },
  }
}

/** S + L instead of S: the same point, other bytes (RFC 8032 says that it must be refused). */
const also = (wire: string, line: string) => wire.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`)

function twinOf(header: string): string {
  const [, text = ''] = /signature="([^"]*)"/.exec(header) ?? []
  const bytes = Buffer.from(text, 'base64')
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n
  const scalar = BigInt(`0x${Buffer.from(bytes.subarray(32).toReversed()).toString('hex')}`) + order
  const twin = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').toReversed()
  return header.replace(text, Buffer.concat([bytes.subarray(0, 32), twin]).toString('base64'))
}

/** Whether the server did what was asked; a step-up that it demands is no yes. */
export async function isDone(question: Question): Promise<boolean> {
  const { status } = await ask(question)
  return status < 300
}

export async function believedOf(questions: Readonly<Record<string, Question>>): Promise<string[]> {
  const believed: string[] = []
  for (const [name, question] of Object.entries(questions)) if (await isDone(question)) believed.push(name)
  return believed
}

interface Forging {
  readonly place: IdentityPlace
  readonly owner: IdentityOwner
  readonly key: IdentityKey
}

/** What nobody reads otherwise: it shows that the others are refused for what was done to them. */
export const PROPER = 'nothing'

/** Case 13: headers that two readers might read differently, as bytes; each signed by the owner, over what one of them reads. */
export function ambiguousRequests({ place, owner, key }: Forging): Record<string, string> {
  const path = `/accounts/${owner.accountId}/blobs`
  const target = `post ${path}`
  const build = (
    value: string,
    covered: (given: { date: string; digest: string }) => readonly (readonly [string, string])[],
  ) => {
    const body = JSON.stringify(blobOf(value))
    const date = new Date().toUTCString()
    const signed = signedOver(key, covered({ date, digest: digestOf(body) }))
    const question = { method: 'POST', url: `${place.baseUrl}${path}`, body, headers: signed }
    return { body, date, digest: digestOf(body), signed, wire: wireOf(question) }
  }
  const usual = (value: string) =>
    build(value, ({ date, digest }) => [
      ['(request-target)', target],
      ['date', date],
      ['digest', digest],
    ])
  const old = new Date(Date.now() - 7_200_000).toUTCString()
  const headerOf = (value: string, change: (header: string) => string): string => {
    const { wire, signed } = usual(value)
    return wire.replace(signed['signature'] ?? '', change(signed['signature'] ?? ''))
  }
  const twice = usual('two dates')
  const digests = usual('two digests')
  const both = usual('both headers')
  const folded = usual('a folded date')
  return {
    [PROPER]: usual('as it should be').wire,
    'two dates, the old one first': twice.wire.replace('\r\ndate:', `\r\ndate: ${old}\r\ndate:`),
    'two dates, the old one last': also(twice.wire, `date: ${old}`),
    'two digests': also(digests.wire, `digest: ${digestOf(otherBody)}`),
    'a list of digests': digests.wire.replace(
      `digest: ${digests.digest}`,
      `digest: ${digests.digest},${digestOf(otherBody)}`,
    ),
    'a folded date': folded.wire.replace(folded.date, folded.date.replace(' GMT', '\r\n GMT')),
    'Signature and Authorization': also(both.wire, `authorization: ${both.signed['signature'] ?? ''}`),
    'two signatures': also(both.wire, `signature: ${both.signed['signature'] ?? ''}`),
    'a second signature that is empty': also(both.wire, `authorization: `),
    'no names': headerOf('no names', (header) => header.replace(/headers="[^"]*"/, 'headers=""')),
    'no list of names': headerOf('no list', (header) => header.replace(/,headers="[^"]*"/, '')),
    'names in another order': headerOf('order', (header) =>
      header.replace('(request-target) date digest', 'date (request-target) digest'),
    ),
    'a name twice': headerOf('twice', (header) => header.replace('date digest', 'date date digest')),
    'two lists of names': headerOf('two lists', (header) => `${header},headers="(request-target)"`),
    'another key’s name': headerOf('another key', (header) =>
      header.replace(/keyId="[^"]*"/, `keyId="${owner.factor.id}"`),
    ),
    'another algorithm': headerOf('algorithm', (header) => header.replace('ed25519-sha256', 'none')),
    'a date of two hours ago': build('an old date', ({ digest }) => [
      ['(request-target)', target],
      ['date', old],
      ['digest', digest],
    ]).wire,
    'a date ahead': build('a date ahead', ({ digest }) => [
      ['(request-target)', target],
      ['date', new Date(Date.now() + 180_000).toUTCString()],
      ['digest', digest],
    ]).wire,
    'the target of another case': build('case', ({ date, digest }) => [
      ['(request-target)', target.toUpperCase()],
      ['date', date],
      ['digest', digest],
    ]).wire,
    'an empty digest': build('an empty digest', ({ date }) => [
      ['(request-target)', target],
      ['date', date],
      ['digest', ''],
    ]).wire,
  }
}

/** Which of them did what they asked for. */
export async function believedWires(place: IdentityPlace, wires: Readonly<Record<string, string>>): Promise<string[]> {
  const believed: string[] = []
  for (const [name, wire] of Object.entries(wires)) {
    const said = await sayRaw(place.baseUrl, wire.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'), 30_000)
    if (said.startsWith('HTTP/1.1 2')) believed.push(name)
  }
  return believed
}

/** The same request, signed anew. */
export function resign(place: IdentityPlace, key: IdentityKey, { method, url, body }: Question): Question {
  const target = url.slice(place.baseUrl.length)
  const text = typeof body === 'string' ? body : undefined
  return {
    method,
    url,
    headers: signedBy(key, { method, target, body: text }, place.profile),
    ...(text !== undefined && { body: text }),
  }
}
