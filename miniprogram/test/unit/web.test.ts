import { beforeEach, describe, expect, it } from 'vitest'
import { takeWebSignInCode } from '@/web'

function comeBack(query: string): void {
  history.replaceState(null, '', `/${query}#/pages/me/index`)
}

describe('coming back from WeChat’s sign-in page', () => {
  beforeEach(() => {
    sessionStorage.clear()
    sessionStorage.setItem('web-sign-in', 'mine')
  })

  it('takes the code of its own state, once, and clears the address', () => {
    comeBack('?code=c1&state=mine')
    expect(takeWebSignInCode()).toBe('c1')
    expect(location.search).toBe('')
    comeBack('?code=c1&state=mine')
    expect(takeWebSignInCode()).toBeNull()
  })

  it('throws away a code with the state of another browser', () => {
    comeBack('?code=c1&state=other')
    expect(takeWebSignInCode()).toBeNull()
  })

  it('does nothing on an ordinary address', () => {
    comeBack('')
    expect(takeWebSignInCode()).toBeNull()
    expect(sessionStorage.getItem('web-sign-in')).toBe('mine')
  })
})
