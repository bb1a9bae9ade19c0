import { ask, recoveryPusher } from './ask.ts'
import { cancel, list } from './cancel.ts'
import { describe } from './describe.ts'
import { register } from './register.ts'
import { send } from './send.ts'
import { forgetting, settling } from './settle.ts'

export { type DoorDeps, recoveryDoor } from './door.ts'
export type { CancelDeps } from './cancel.ts'

/** In the order of the contract. */
export const recoveryHandlers = [ask, send, describe, list, cancel, register]

export const recoveryJobs = [recoveryPusher]

export const recoverySweeps = [settling, forgetting]
