/** What floats over the page is still part of it: a reader who goes by landmarks finds it there. */
export const IN_PAGE = { target: '#page' }
