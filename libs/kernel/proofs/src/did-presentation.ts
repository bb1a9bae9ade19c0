import { type Proof, refusal } from '@strongroom/http/contract'

/** Whoever holds the key of a DID. */
export interface Presentation {
  readonly did: string
  /** Whether it answers a challenge of ours, once: else it is good for ever, and may have been seen by others. */
  readonly challenged: boolean
}

export const presentationRefused = refusal({ kind: 'presentation-refused', status: 401, title: 'UNAUTHORIZED' })

const scheme: NonNullable<Proof['scheme']> = {
  type: 'http',
  scheme: 'bearer',
  description: 'A verifiable presentation as a JWT, signed with EdDSA by the key of a did:key or an allowed did:web.',
}

const presentation = (name: string): Proof<Presentation> => ({
  name,
  scheme,
  reads: { header: 'authorization' },
  refusals: [presentationRefused],
})

/** The key of a DID, as LearnCard's clients prove it. Fresh only where a challenge was brought, or the operator demands it. */
export const didPresentation = presentation('didPresentation')

/** The same, always in answer to a challenge of ours: for what cannot be undone. */
export const challengedPresentation = presentation('challengedPresentation')
