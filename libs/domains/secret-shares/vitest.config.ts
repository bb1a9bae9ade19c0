import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('secret-shares', { postgres: true })
