import { type Proof, refusal } from '@strongroom/http/contract'

export const applicationKeyRefused = refusal({
  kind: 'application-key-refused',
  status: 403,
  title: 'Invalid application key',
})

/** A key that the operator gave to its own applications, demanded only where one is configured. */
export const applicationKey: Proof<undefined> = {
  name: 'applicationKey',
  scheme: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Application-Key',
    description: 'Only where the operator demands one.',
  },
  reads: { header: 'x-application-key' },
  refusals: [applicationKeyRefused],
}
