export { type EventKind, securityEvent } from './event.ts'
export { appendEvent, auditMigrations, recordEvent } from './record.ts'
