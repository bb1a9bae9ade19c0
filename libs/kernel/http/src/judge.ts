import type { Proof, ProofLike } from './proof.ts'
import type { Prover, ProofRequest } from './prover.ts'
import { Refusal } from './refusal.ts'

/** Judges all that an endpoint declares as its proof; answers with what it yields or with the first refusal. */
export type Judge<Deps> = (request: ProofRequest, deps: Deps) => unknown

/** @throws where a proof has no prover. */
export function judgeOf<Deps>(declared: ProofLike | undefined, provers: readonly Prover<Deps>[]): Judge<Deps> {
  if (!declared) return () => undefined
  if ('parts' in declared) return judgeParts(Object.entries(declared.parts), provers)
  if ('optional' in declared) {
    const judge = judgeOf(declared.optional, provers)
    return (request, deps) => (isCarried(declared.optional, request) ? judge(request, deps) : undefined)
  }
  const prover = provers.find(({ proof }) => proof === declared)
  if (!prover) throw new Error(`no prover for ${declared.name}`)
  return (request, deps) => prover.prove(request, deps)
}

function judgeParts<Deps>(parts: readonly [string, ProofLike][], provers: readonly Prover<Deps>[]): Judge<Deps> {
  const judges = parts.map(([name, part]) => [name, judgeOf(part, provers)] as const)
  return async (request, deps) => {
    const yielded: Record<string, unknown> = {}
    for (const [name, judge] of judges) {
      const value = await judge(request, deps)
      if (value instanceof Refusal) return value
      yielded[name] = value
    }
    return yielded
  }
}

function isCarried({ reads }: Proof, { headers, input }: ProofRequest): boolean {
  if ('header' in reads) return [reads.header].flat().some((name) => headers[name] !== undefined)
  const fields = input.body ?? input.query
  return typeof fields === 'object' && fields !== null && Reflect.get(fields, reads.field) !== undefined
}
