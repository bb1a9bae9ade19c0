import { testsOf } from '../../vitest.shared.ts'

// One story after the other: each brings up a world of its own, and two cores carry no more.
export default testsOf('journeys', {
  postgres: true,
  fileParallelism: false,
  testTimeout: 240_000,
  hookTimeout: 240_000,
})
