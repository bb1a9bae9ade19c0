export type { Told } from './mailbox.ts'
export { type Outbox, type OutboxOptions, startOutbox } from './start-outbox.ts'
