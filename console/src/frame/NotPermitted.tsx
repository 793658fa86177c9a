import type { Permission } from '~/api/may'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { NeedsMore } from '~/parts/NeedsMore'
import { TopBar } from './TopBar'

export default function NotPermitted({ title, needs }: { title: string; needs: Permission }) {
  return (
    <>
      <TopBar title={title} />
      <Page>
        <div className={pageStyles.card}>
          <NeedsMore needs={needs} />
        </div>
      </Page>
    </>
  )
}
