import { availableParallelism } from 'node:os'
import { testsOf } from '../../vitest.shared.ts'

// Most of these tests wait: for a worker to be missed, for a provider, for PostgreSQL.
export default testsOf('attacks', { postgres: true, maxWorkers: Math.max(3, availableParallelism() - 1) })
