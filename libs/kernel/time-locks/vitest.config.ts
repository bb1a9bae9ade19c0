import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('time-locks', { postgres: true })
