import { Unopenable } from '../errors.ts'
import { isBusy } from '../profiles/busy.ts'
import type { VendorProfile } from '../profiles/vendor-profile.ts'
import { blamesDevice, isDeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import { Bench } from './bench.ts'
import { type KeyShape, shapeOf } from './shapes.ts'
import type { Candidate, KeyHandles } from './strategy.ts'

/** A candidate by its name, and which of its variants the token knows. */
export interface Proof {
  readonly name: string
  readonly variant: number
}

/** A key that is there, to try strategies on where no throw-away key can be had, or only at the price of a pair. */
export interface Witness {
  readonly keys: KeyHandles
  readonly pair?: 'rsa'
}

export interface Trials {
  readonly openSession: () => Session
  readonly profile: VendorProfile
}

interface Named {
  readonly name: string
}

type Verdict = 'proved' | 'failed' | 'untried'

/** The strategies of one kind that a token has proved so far, and the means to try another. */
export class Shelf<S extends Named> {
  readonly #candidates: readonly Candidate<S>[]
  readonly #trials: Trials
  readonly #provesOn: (bench: Bench, variant: S, keys: KeyHandles) => boolean
  readonly #found: Map<string, number | undefined>

  constructor(
    candidates: readonly Candidate<S>[],
    trials: Trials,
    {
      proofs,
      provesOn,
    }: { proofs: readonly Proof[]; provesOn: (bench: Bench, variant: S, keys: KeyHandles) => boolean },
  ) {
    this.#candidates = candidates
    this.#trials = trials
    this.#provesOn = provesOn
    this.#found = new Map(proofs.map(({ name, variant }) => [name, variant]))
  }

  get proofs(): readonly Proof[] {
    return [...this.#found].flatMap(([name, variant]) => (variant === undefined ? [] : [{ name, variant }]))
  }

  named(name: string, witness?: Witness): S | undefined {
    const candidate = this.#candidates.find((one) => one.name === name)
    if (candidate === undefined) return undefined
    const variants = candidate.variants(this.#trials.profile)
    if (!this.#found.has(name)) this.#prove(candidate, variants, witness)
    const variant = this.#found.get(name)
    return variant === undefined ? undefined : variants[variant]
  }

  /** The first that is proved, and that fits the witness. */
  first(witness?: Witness): S | undefined {
    for (const { name } of this.#candidates) {
      const strategy = witness === undefined || fits(shapeOf(name), witness) ? this.named(name, witness) : undefined
      if (strategy !== undefined) return strategy
    }
    return undefined
  }

  /** What could not be tried may be tried on another witness. */
  #prove(candidate: Candidate<S>, variants: readonly S[], witness: Witness | undefined): void {
    const { name } = candidate
    const isPair = shapeOf(name).pair !== undefined
    const onWitness = () => (witness === undefined ? 'untried' : this.#tryAll(variants, this.#on(witness), name))
    if (isPair && witness !== undefined) return void onWitness()
    const verdict = this.#tryAll(variants, (bench, variant) => candidate.proves(bench, variant), name)
    if (verdict === 'untried') onWitness()
  }

  #on({ keys }: Witness) {
    return (bench: Bench, variant: S): boolean => this.#provesOn(bench, variant, keys)
  }

  #tryAll(variants: readonly S[], proves: (bench: Bench, variant: S) => boolean, name: string): Verdict {
    let isTried = false
    for (const [index, variant] of variants.entries()) {
      const verdict = tryOne(this.#trials, (bench) => proves(bench, variant))
      if (verdict === 'proved') {
        this.#found.set(name, index)
        return verdict
      }
      isTried ||= verdict === 'failed'
    }
    if (isTried) this.#found.set(name, undefined)
    return isTried ? 'failed' : 'untried'
  }
}

const fits = ({ pair, companion }: KeyShape, witness: Witness): boolean =>
  pair === witness.pair && (companion === undefined || witness.keys.mac !== undefined)

const methodsThatMakeKeys: readonly string[] = ['C_CreateObject', 'C_GenerateKey', 'C_GenerateKeyPair']

/** A token that went away in the midst of a trial has answered nothing of what it can do. Throws `DeviceError`. */
function assertThere(openSession: Trials['openSession']): void {
  const session = openSession()
  try {
    session.drawRandom(1)
  } finally {
    session.close()
  }
}

/**
 * In sessions of its own: a mechanism that was refused may leave the operation active. `untried`: the token makes no key to
 * try it on. Throws `DeviceError` where the token is busy, which says nothing of what it can do.
 */
export function tryOne({ openSession, profile }: Trials, proves: (bench: Bench) => boolean): Verdict {
  const bench = new Bench(openSession)
  try {
    return proves(bench) ? 'proved' : 'failed'
  } catch (error) {
    if (error instanceof Unopenable) return 'failed'
    if (!isDeviceError(error) || isBusy(profile, error)) throw error
    if (blamesDevice(error)) assertThere(openSession)
    return methodsThatMakeKeys.includes(error.method) ? 'untried' : 'failed'
  } finally {
    bench.close()
  }
}
