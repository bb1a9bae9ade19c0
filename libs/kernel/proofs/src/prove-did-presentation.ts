import { type ProofRequest, prover, type Refusal } from '@strongroom/http'
import { readBearer } from './bearer.ts'
import type { Challenges } from './challenges.ts'
import { challengedPresentation, didPresentation, type Presentation, presentationRefused } from './did-presentation.ts'
import type { PresentationVerifier } from './presentation-verifier.ts'

export interface PresentationDeps {
  readonly presentations: PresentationVerifier
  /** Those given out to DIDs. */
  readonly challenges: Challenges
  /** `vp`: the seed's way, any presentation identifies. `challenge`: every one must answer a challenge. */
  readonly didAuth: 'vp' | 'challenge'
}

export const proveDidPresentation = prover<PresentationDeps>()(didPresentation, (request, deps) =>
  judge(request, deps, deps.didAuth),
)

export const proveChallengedPresentation = prover<PresentationDeps>()(challengedPresentation, (request, deps) =>
  judge(request, deps, 'challenge'),
)

async function judge(
  { headers }: ProofRequest,
  { presentations, challenges }: PresentationDeps,
  demanded: PresentationDeps['didAuth'],
): Promise<Presentation | Refusal<'presentation-refused'>> {
  const token = readBearer(headers)
  const presented = token && (await presentations.verify(token))
  if (!presented) return presentationRefused()
  const { did, nonce } = presented
  if (nonce === undefined) return demanded === 'challenge' ? presentationRefused() : { did, challenged: false }
  // Taken after the signature was verified: nobody else can use up what was given to this DID.
  return (await challenges.take(did, nonce)) ? { did, challenged: true } : presentationRefused()
}
