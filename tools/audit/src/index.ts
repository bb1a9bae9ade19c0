export { runAudit, type Output } from './run-audit.ts'
