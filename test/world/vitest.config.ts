import { testsOf } from '../../vitest.shared.ts'

export default testsOf('test-world', { postgres: true })
