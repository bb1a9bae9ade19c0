import { curveNames } from '../keys/pair-curves.ts'
import type { PairCurve, TokenDescription } from '../keystore.ts'
import { acquireModule } from '../pkcs11/module-registry.ts'
import type { Session } from '../pkcs11/session.ts'
import { findToken } from '../pkcs11/token.ts'
import { mechanismNames } from './mechanism-names.ts'
import { SEALED_SCALAR } from '../strategies/shapes.ts'
import type { Stage } from './stage.ts'
import { isKeyless } from './token-objects.ts'

/** What a token says of itself, and what it proved: plain data, no secrets. */
export interface Survey {
  readonly library: {
    readonly description: string
    readonly manufacturer: string
    readonly version: string
    readonly cryptoki: string
  }
  readonly token: TokenDescription
  /** How many mechanisms it lists, and which of those that matter here. */
  readonly mechanisms: number
  readonly listed: readonly string[]
  /** By name, each proved in a round trip: what new keys are used with here. */
  readonly strategies: readonly string[]
  /** What it cannot do, in the words of `Unsupported`. */
  readonly missing: readonly string[]
  readonly mechanismLists: 'honoured' | 'ignored'
  readonly extractable: 'enforced' | 'ignored' | 'untried'
  /** Of drawing 16 random bytes: the cheapest thing to ask of a device. */
  readonly millisecondsPerCall: number
}

const DRAWS = 21

export function surveyToken({ connection, traits, capabilities, keys, missing, openSession }: Stage): Survey {
  const source = typeof connection.module === 'string' ? { path: connection.module } : connection.module
  const module = acquireModule(source)
  try {
    const { libraryDescription, manufacturerID, libraryVersion, cryptokiVersion } = module.pkcs11.C_GetInfo()
    const { slot } = findToken(module.pkcs11, connection.tokenLabel)
    const mechanisms = module.pkcs11.C_GetMechanismList(slot)
    const recovers = missing.has('recover') ? [] : [capabilities.recover().name]
    const drawn = curveNames.filter((curve) => isDrawn({ keys, capabilities }, curve))
    const wraps = (['A256KW-RFC3394', 'A256KWP-RFC5649'] as const).filter((name) => !missing.has(name))
    return {
      library: {
        description: trim(libraryDescription),
        manufacturer: trim(manufacturerID),
        version: versionOf(libraryVersion),
        cryptoki: versionOf(cryptokiVersion),
      },
      token: traits.description,
      mechanisms: mechanisms.length,
      listed: mechanismNames.filter(([number]) => mechanisms.includes(number)).map(([, name]) => name),
      strategies: [
        ...new Set([
          ...keys.map(({ strategy }) => strategy),
          ...drawn.map((curve) => `${SEALED_SCALAR} (${curve})`),
          ...wraps,
          ...recovers,
        ]),
      ],
      missing: [...new Set(missing.values())],
      mechanismLists: traits.mechanismLists,
      extractable: traits.extractable,
      millisecondsPerCall: medianDraw(openSession()),
    }
  } finally {
    module.release()
  }
}

function medianDraw(session: Session): number {
  const times = Array.from({ length: DRAWS }, () => {
    const started = performance.now()
    session.drawRandom(16)
    return performance.now() - started
  })
  session.close()
  return times.toSorted((a, b) => a - b)[Math.floor(DRAWS / 2)] ?? 0
}

/** Where private keys are wrapped by the token, but not those of this curve. */
function isDrawn({ keys, capabilities }: Pick<Stage, 'keys' | 'capabilities'>, curve: PairCurve): boolean {
  const record = keys.find(({ job }) => job === 'wrap-pair')
  return record !== undefined && !isKeyless(record) && capabilities.pairWrap(curve, record.strategy) === undefined
}

const trim = (text: string): string => text.replaceAll('\0', '').trim()
const versionOf = ({ major, minor }: { major: number; minor: number }): string => `${major}.${minor}`
