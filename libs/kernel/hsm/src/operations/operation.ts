import type { Tenant } from '../envelope/associated-data.ts'
import type { KeySet } from '../keys/key-set.ts'
import type { Session } from '../pkcs11/session.ts'
import type { Capabilities } from '../strategies/capabilities.ts'

/** What every operation works with. Operations are plain synchronous functions of it and of plain data. */
export interface OperationContext {
  readonly session: Session
  readonly keys: KeySet
  readonly capabilities: Capabilities
  readonly tenant: Tenant
  /** A session of its own that may write, for what changes the token; the caller closes it. */
  readonly openWriting: () => Session
}

export type Operation<Request, Result> = (context: OperationContext, request: Request) => Result
