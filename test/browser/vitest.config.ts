import { testsOf } from '../../vitest.shared.ts'

export default testsOf('browser-tests', { postgres: true })
