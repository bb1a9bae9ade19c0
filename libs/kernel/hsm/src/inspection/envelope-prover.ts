import { decodeEnvelope, encodeEnvelope } from '../envelope/codec.ts'
import type { Envelope, EnvelopeKind, Recipient } from '../envelope/envelope.ts'
import { Unopenable } from '../errors.ts'
import type { Executor } from '../executor.ts'
import { type Binding, type KeyRecord, loadable } from '../keystore.ts'
import type { TokenOptions } from '../keystore-options.ts'
import { openExecutor } from '../open-executor.ts'
import type { SealKeyName } from '../operations/recipients.ts'
import { isSameName } from '../several/same-name.ts'
import { recordsOf } from '../several/token-records.ts'

/** Whether every recipient of a stored value opens on the token that it is for. The value itself is opened, wiped, and told to nobody. */
export interface EnvelopeProver {
  /** Throws `HsmUnavailable`: nothing was found out. */
  prove(envelope: Uint8Array, binding: Binding): Promise<EnvelopeVerdict>
  close(): Promise<void>
}

export interface EnvelopeVerdict {
  /** `undefined`: these bytes are no envelope. */
  readonly kind: EnvelopeKind | undefined
  /** Labels of the tokens on which it opens. */
  readonly opensOn: readonly string[]
  /** Labels of the tokens that have a recipient of their own key, which does not open: it was altered, or belongs elsewhere. */
  readonly failsOn: readonly string[]
  /** Labels of the tokens that have none. */
  readonly lackedBy: readonly string[]
  /** Recipients of keys that no token of these has. */
  readonly strangers: number
}

interface Opened {
  readonly label: string
  readonly executor: Executor
  readonly sealKeys: readonly SealKeyName[]
}

/** Logs in to every token: all must be at hand. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`. */
export async function openProver({
  tokens,
  keys,
}: {
  readonly tokens: readonly [TokenOptions, ...TokenOptions[]]
  readonly keys: readonly KeyRecord[]
}): Promise<EnvelopeProver> {
  const [{ tokenLabel: first }] = tokens
  const opened: Opened[] = []
  const close = async () => void (await Promise.allSettled(opened.map(({ executor }) => executor.close())))
  try {
    for (const token of tokens) {
      const { tokenLabel: label } = token
      const executor = await openExecutor({ ...token, keys: loadable(recordsOf(keys, { label, first })) })
      opened.push({ label, executor, sealKeys: await executor.run('sealKeys', {}) })
    }
  } catch (error) {
    await close()
    throw error
  }
  return { prove: (envelope, binding) => prove(opened, envelope, binding), close }
}

async function prove(tokens: readonly Opened[], bytes: Uint8Array, binding: Binding): Promise<EnvelopeVerdict> {
  const envelope = decodeOrNothing(bytes)
  if (envelope === undefined)
    return { kind: undefined, opensOn: [], failsOn: [], lackedBy: labelsOf(tokens), strangers: 0 }
  const { kind, recipients } = envelope
  const owned = recipients.flatMap((recipient) => {
    const token = tokens.find(({ sealKeys }) => sealKeys.some((key) => isSameName(key, recipient)))
    return token === undefined ? [] : [{ token, recipient }]
  })
  const failsOn = new Set<string>()
  for (const { token, recipient } of owned) {
    if (!(await opens(token, { envelope, recipient, binding }))) failsOn.add(token.label)
  }
  const holders = new Set(owned.map(({ token }) => token.label))
  return {
    kind,
    opensOn: [...holders].filter((label) => !failsOn.has(label)),
    failsOn: [...failsOn],
    lackedBy: labelsOf(tokens).filter((label) => !holders.has(label)),
    strangers: recipients.length - owned.length,
  }
}

/** What opens a value of that kind, as far as it opens without a factor. */
const readers: Readonly<Record<EnvelopeKind, 'open' | 'openKey' | 'readPair' | 'readPayload' | 'openRecovered'>> = {
  direct: 'open',
  'data-key': 'open',
  'issued-key': 'openKey',
  'issued-pair': 'readPair',
  'locked-key': 'readPayload',
  'prepared-lock': 'readPayload',
  recovery: 'openRecovered',
}

interface Question {
  readonly envelope: Envelope
  readonly recipient: Recipient
  readonly binding: Binding
}

/** One recipient alone, so that no other one stands in for it. */
async function opens({ executor }: Opened, { envelope, recipient, binding }: Question): Promise<boolean> {
  const alone = encodeEnvelope({ ...envelope, recipients: [recipient] })
  try {
    const value = await executor.run(readers[envelope.kind], { envelope: alone, binding })
    value.fill(0)
    return true
  } catch (error) {
    if (error instanceof Unopenable) return false
    throw error
  }
}

function decodeOrNothing(bytes: Uint8Array): Envelope | undefined {
  try {
    return decodeEnvelope(bytes)
  } catch (error) {
    if (error instanceof Unopenable) return undefined
    throw error
  }
}

const labelsOf = (tokens: readonly Opened[]): readonly string[] => tokens.map(({ label }) => label)
