import type { KeystoreDescription } from './keystore.ts'
import type { OperationName, RequestOf, ResultOf } from './operations/index.ts'

/** Where operations run: in this process beside a fast local token, or, for a slow one, in a process that can be killed. */
export interface Executor {
  /** Throws `HsmUnavailable`, `Unopenable`, `Unsupported` or `HsmRefusal`, and nothing else that is not a bug. */
  run<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResultOf<Name>>
  /** Without a device call. Throws `HsmUnavailable`. */
  assertAvailable(): void
  check(): Promise<void>
  describe(): KeystoreDescription
  close(): Promise<void>
}
