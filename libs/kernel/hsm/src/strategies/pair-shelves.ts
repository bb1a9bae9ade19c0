import type { PairCurve } from '../keystore.ts'
import { pairWraps } from './pair-wrap.ts'
import { importedPairsComeBack, pairsComeBack } from './prove-pairs.ts'
import { type Proof, Shelf, type Trials, type Witness } from './shelf.ts'
import type { Candidate, WrapStrategy } from './strategy.ts'

/** As plain data, by curve. */
export type ProvedPairs = Readonly<
  Record<PairCurve, { readonly wraps: readonly Proof[]; readonly imports: readonly Proof[] }>
>

/** What wraps the private keys of each curve. The wrap key knows one mechanism: that of P-256 decides, where lists bind. */
export class PairShelves {
  readonly #wraps: Readonly<Record<PairCurve, Shelf<WrapStrategy>>>
  readonly #imports: Readonly<Record<PairCurve, Shelf<WrapStrategy>>>

  constructor(trials: Trials, proved?: ProvedPairs) {
    this.#wraps = perCurve((curve) => {
      const proofs = proved?.[curve].wraps ?? []
      return new Shelf(pairWraps(curve), trials, {
        proofs,
        provesOn: (bench, strategy, keys) => pairsComeBack(bench, { strategy, curve }, keys) !== undefined,
      })
    })
    this.#imports = perCurve((curve) => {
      const proofs = proved?.[curve].imports ?? []
      return new Shelf(
        pairWraps(curve).map((one) => importing(one, curve)),
        trials,
        { proofs, provesOn: () => false },
      )
    })
  }

  get proved(): ProvedPairs {
    const of = (curve: PairCurve) => ({ wraps: this.#wraps[curve].proofs, imports: this.#imports[curve].proofs })
    return { p256: of('p256'), secp256k1: of('secp256k1') }
  }

  find(curve: PairCurve, name?: string, witness?: Witness): WrapStrategy | undefined {
    const shelf = this.#wraps[curve]
    const found = name === undefined ? shelf.first(witness) : shelf.named(name, witness)
    if (found === undefined || curve === 'p256') return found
    const usual = this.#wraps.p256.named(found.name, witness)
    return usual?.mechanisms[0] === found.mechanisms[0] ? found : undefined
  }

  imports(curve: PairCurve, name: string): boolean {
    return this.#imports[curve].named(name) !== undefined
  }
}

const perCurve = (make: (curve: PairCurve) => Shelf<WrapStrategy>) => ({
  p256: make('p256'),
  secp256k1: make('secp256k1'),
})

const importing = (candidate: Candidate<WrapStrategy>, curve: PairCurve): Candidate<WrapStrategy> => ({
  ...candidate,
  proves: (bench, strategy) => importedPairsComeBack(bench, { strategy, curve }),
})
