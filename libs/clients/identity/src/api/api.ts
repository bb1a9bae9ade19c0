import { readDocumentItself, readKeyValue } from './answers.ts'
import type { JsonApiDocument } from './document.ts'
import { type FactorsApi, factorsApi } from './factors.ts'
import { type Call, type IdentityOptions, openTransport, type Transport } from './transport.ts'
import { type WalletsApi, walletsApi } from './wallets.ts'
import { answering, type FactorAnswer } from './with-factor.ts'

/** TokenD's Identity Storage. Every method throws `IdentityError`. */
export interface IdentityApi extends WalletsApi {
  readonly factors: FactorsApi
  /**
   * Runs `call` on an API that answers for factors: what is refused for want of one is sent again, to the byte, once
   * `answer` has proven it, and so for several in turn. Nothing is asked twice for a wrong answer: it throws.
   */
  withFactor<Answer>(call: (api: IdentityApi) => Promise<Answer>, answer: FactorAnswer): Promise<Answer>
  /** The role of a signer that is nothing special, which the ledger knows. */
  defaultSignerRole(): Promise<number>
  /** Any other route: blobs, documents, identities, invites, settings. */
  ask(call: Omit<Call<JsonApiDocument>, 'read'>): Promise<JsonApiDocument>
}

/** Says nothing to any log, follows no redirect. @throws TypeError for a base URL that is neither HTTPS nor local. */
export const openIdentityApi = (options: IdentityOptions): IdentityApi => apiOver(openTransport(options))

const apiOver = (transport: Transport): IdentityApi => ({
  ...walletsApi(transport),
  factors: factorsApi(transport),
  withFactor: (call, answer) => call(apiOver(answering(transport, answer))),
  defaultSignerRole: () =>
    transport.send({ method: 'GET', path: '/v3/key_values/signer_role:default', read: readKeyValue }),
  ask: (call) => transport.send({ ...call, read: readDocumentItself }),
})
