import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import './styles'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Refusal, whenSignedOut, whenWaiting } from './api/client'
import { isSessionOver, sessionOver } from './api/over'
import { session } from './api/queries'
import { APPROVALS } from './api/teamwork'
import { router } from './routes'
import { theme, variables } from './theme'

/** A refusal will be the same a second later; silence may not be. */
const worthRetrying = (failures: number, error: Error) => failures < 2 && !(error instanceof Refusal && error.status < 500)

const client = new QueryClient({
  defaultOptions: { queries: { retry: worthRetrying, staleTime: 2_000, refetchOnWindowFocus: false } },
})

whenWaiting(() => void client.invalidateQueries({ queryKey: APPROVALS }))
whenSignedOut(() => void lookAgain())

let looking = false

/** An open console signs its reader in anew; anybody else is asked to, with the page they are on kept as it is. */
async function lookAgain() {
  const before = client.getQueryData(session.queryKey)
  if (looking || isSessionOver()) return
  looking = true
  try {
    const found = await client.fetchQuery({ ...session, queryKey: ['session', 'now'], staleTime: 0 })
    if (found.signed_in || !before?.signed_in) client.setQueryData(session.queryKey, found)
    else sessionOver()
  } catch {
    // The server does not answer: that is told where something was asked of it.
  } finally {
    looking = false
  }
}

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
