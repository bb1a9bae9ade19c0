import { readFileSync } from 'node:fs'
import { fromHex } from '@strongroom/crypto'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, Unusable } from '../outcome.ts'
import { verifyTranscript } from './transcript.ts'

export interface VerifyTranscriptOptions {
  /** Hex, or a file that holds it. */
  readonly publicKey: string
  readonly json?: boolean
}

/** No token is needed: whoever has the transcript and the pinned key can do it. */
export async function runVerifyTranscript(
  path: string,
  { publicKey, json }: VerifyTranscriptOptions,
  { terminal }: Context,
): Promise<ExitCode> {
  const verdict = verifyTranscript(readBytes(path), pinnedKey(publicKey))
  if (json === true) terminal.say(JSON.stringify(verdict, undefined, 2))
  else if (verdict.ok)
    terminal.say(
      `Fine: ${String(verdict.lines)} lines of the ceremony of ${verdict.app} (${verdict.deployment}), as they were signed.`,
    )
  else terminal.say(`BAD: ${verdict.why}.`)
  return verdict.ok ? exitCodes.fine : exitCodes.mend
}

function pinnedKey(given: string): Uint8Array {
  const text = /^[0-9a-fA-F]+$/.test(given) ? given : new TextDecoder().decode(readBytes(given)).trim()
  if (!/^04[0-9a-f]{128}$/i.test(text))
    throw new Unusable('--public-key wants an uncompressed point of 65 bytes in hex, or a file with one')
  return fromHex(text.toLowerCase())
}

function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path))
  } catch {
    throw new Unusable(`${path} cannot be read: correct its name, or its permissions`)
  }
}
