import { connect, type Answer, type Question } from '../attacker/ask.ts'
import { Aviary, findLeaks, type Leak } from '../attacker/canaries.ts'
import { askBadly, askProperly, type Cast } from '../attacker/key-server-requests.ts'
import { becomeOwner } from '../attacker/owner.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { sayRaw } from '../attacker/raw-wire.ts'

export interface SecretOutput {
  baseUrl: string
  /** What the server says elsewhere, read when all requests are over: its log, its metrics, its traces. */
  outputs: Record<string, () => Promise<string>>
  randomness: Randomness
}

export interface OutputVerdict {
  requests: number
  canaries: number
  /** Characters searched, for each place: an empty place proves nothing. */
  searched: Record<string, number>
  leaks: Leak[]
  /** The server stopped answering proper requests. */
  unanswered: number
}

/** Case 21: a secret of its own in each field and header of each endpoint, then none of them in anything that comes out. */
export async function spillCanaries({ baseUrl, outputs, randomness }: SecretOutput): Promise<OutputVerdict> {
  const aviary = new Aviary(randomness)
  const owner = await becomeOwner(baseUrl, aviary.release('the owner’s PIN'))
  aviary.watch('the owner’s key', Buffer.from(owner.encryptionKey, 'base64'))
  const cast = { baseUrl, owner, aviary }
  const questions = [...askProperly(cast), ...askBadly(cast)]
  const answers = await askAll({ baseUrl, questions, broken: speakBrokenHttp(cast) })
  return judgeOutput({ answers, aviary, outputs, released: owner.encryptionKey })
}

export interface Asked {
  baseUrl: string
  questions: readonly Question[]
  /** What is no request, as bytes. */
  broken: readonly string[]
}

export async function askAll({ baseUrl, questions, broken }: Asked): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const question of questions) {
    const connection = connect()
    const hungUp = (): Answer => ({ status: isHuge(question.body) ? 413 : 0, headers: {}, body: '' })
    answers.push(await connection.ask(question).catch(hungUp))
    connection.close()
  }
  for (const bytes of broken) answers.push({ status: 400, headers: {}, body: await sayRaw(baseUrl, bytes) })
  return answers
}

interface Judged extends Pick<SecretOutput, 'outputs'> {
  answers: readonly Answer[]
  aviary: Aviary
  /** The one answer that may hold the key is the one that releases it. */
  released?: string
}

/** Reads all that came out, and looks for what went in. */
export async function judgeOutput({ answers, aviary, outputs, released }: Judged): Promise<OutputVerdict> {
  const said = answers.map(textOf).join('\n')
  const places = {
    answers: released === undefined ? said : withoutRelease(said, released),
    ...(await readAll(outputs)),
  }
  return {
    requests: answers.length,
    canaries: aviary.canaries.length,
    searched: Object.fromEntries(Object.entries(places).map(([place, text]) => [place, text.length])),
    leaks: Object.entries(places).flatMap(([place, text]) => findLeaks(aviary.canaries, place, text)),
    unanswered: answers.filter((answer) => answer.status === 0).length,
  }
}

/** A server may hang up on a body that is too large while we still send it. */
const isHuge = (body: object | string | undefined): boolean => JSON.stringify(body ?? '').length > 1_000_000

function speakBrokenHttp({ owner, aviary }: Cast): string[] {
  const line = `GET /v2/key/${owner.keyId} HTTP/1.1\r\nHost: canary.example\r\n`
  return [
    `${aviary.release('no HTTP at all')}\r\n\r\n`,
    `${line}Authorization: Basic ${aviary.release('header with a bad name')}\r\nbad name: x\r\n\r\n`,
    `${line}Authorization: ${aviary.release('header that is too long').repeat(4_000)}\r\n\r\n`,
    `${line}Content-Length: 5\r\nTransfer-Encoding: chunked\r\nX-Api-Key: ${aviary.release('ambiguous framing')}\r\n\r\n`,
  ]
}

const textOf = ({ headers, body }: Answer): string => `${JSON.stringify(headers)}\n${body}`

const withoutRelease = (text: string, key: string): string => text.replaceAll(`"encryptionKey":"${key}"`, '')

async function readAll(outputs: SecretOutput['outputs']): Promise<Record<string, string>> {
  const read = await Promise.all(Object.entries(outputs).map(async ([place, text]) => [place, await text()] as const))
  return Object.fromEntries(read)
}
