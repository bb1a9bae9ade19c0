import { testsOf } from '../../../../vitest.shared.ts'

// A suite of its own: what it runs is a server of the machine's.
export default testsOf('identity', { include: ['radosgw/**/*.test.ts'], hookTimeout: 120_000 })
