import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('key-shares', { postgres: true })
