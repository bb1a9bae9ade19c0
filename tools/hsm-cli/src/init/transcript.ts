import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { encodeTuple, fromHex, fromUtf8, toHex, toUtf8, verifyP256 } from '@strongroom/crypto'
import { z } from 'zod'
import { Unusable } from '../outcome.ts'

/** What a ceremony did, a line of JSON for each step; no line holds a secret. */
export interface Transcript {
  note(event: string, fields: Readonly<Record<string, string | number | boolean | readonly string[]>>): void
  /** The last line: a signature of all lines before it. */
  sign(key: {
    readonly publicKey: Uint8Array
    readonly sign: (message: Uint8Array) => Promise<Uint8Array>
  }): Promise<void>
}

export interface Ceremony {
  readonly app: string
  readonly deployment: string
  readonly now: () => Date
}

/** In a new file; one that is there is never written over. Each line is on the disk before the next step is taken. Throws `Unusable`. */
export function beginTranscript(path: string, { app, deployment, now }: Ceremony): Transcript {
  const file = openNew(path)
  const lines: string[] = []
  const write = (line: object): void => {
    const text = `${JSON.stringify(line)}\n`
    writeSync(file, text)
    fsyncSync(file)
    lines.push(text)
  }
  const note: Transcript['note'] = (event, fields) =>
    write({ at: now().toISOString(), event, app, deployment, ...fields })
  return {
    note,
    async sign({ publicKey, sign }) {
      note('public-key', { use: 'audit', publicKey: toHex(publicKey) })
      const signature = await sign(messageOf({ app, deployment }, lines.join('')))
      write({ at: now().toISOString(), event: 'signature', app, deployment, signature: toHex(signature) })
      closeSync(file)
    },
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Unusable(`the transcript ${path} cannot be begun (${code}): name a file that is not there yet`)
  }
}

/** What the signature covers. */
const messageOf = ({ app, deployment }: Pick<Ceremony, 'app' | 'deployment'>, lines: string): Uint8Array =>
  encodeTuple('strongroom/transcript', deployment, app, toUtf8(lines))

const signatureLine = z.object({
  event: z.literal('signature'),
  app: z.string(),
  deployment: z.string(),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
})

export type TranscriptVerdict =
  | { readonly ok: true; readonly app: string; readonly deployment: string; readonly lines: number }
  | { readonly ok: false; readonly why: string }

/** `publicKey`: the uncompressed point that was pinned, not the one that the transcript itself names. */
export function verifyTranscript(bytes: Uint8Array, publicKey: Uint8Array): TranscriptVerdict {
  const text = fromUtf8(bytes)
  const body = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)
  const last = signatureIn(text.slice(body.length))
  if (last === undefined || !text.endsWith('\n'))
    return { ok: false, why: 'its last line is no signature: it was cut off, or the ceremony did not end' }
  const message = messageOf(last, body)
  if (!verifyP256({ message, signature: fromHex(last.signature), publicKey }))
    return {
      ok: false,
      why: 'the signature is not of this key over these lines: a line was changed, or it is of another app',
    }
  return { ok: true, app: last.app, deployment: last.deployment, lines: body.split('\n').length - 1 }
}

function signatureIn(line: string): z.output<typeof signatureLine> | undefined {
  try {
    return signatureLine.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
