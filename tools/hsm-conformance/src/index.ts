export { runConformance, type Output } from './run-conformance.ts'
