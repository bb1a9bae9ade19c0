import { testsOf } from '../../vitest.shared.ts'

export default testsOf('identity-storage', { postgres: true })
