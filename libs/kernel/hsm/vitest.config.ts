import { fileURLToPath } from 'node:url'
import { testsOf } from '../../../vitest.shared.ts'

// Processes that tests start load our sources, each thread anew: stripped and compiled once, they start in half the time.
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../../../.nx/compile-cache', import.meta.url))

export default testsOf('hsm', { env: { NODE_COMPILE_CACHE } })
