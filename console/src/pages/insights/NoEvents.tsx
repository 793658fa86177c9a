import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { SieveDrawing } from '~/parts/Drawings'
import pageStyles from '~/parts/Page.module.css'
import { Empty } from '~/parts/States'
import { t } from '~/words/language'

/** A workspace nothing has come to yet: what it takes for there to be answers. */
export function NoEvents() {
  const navigate = useNavigate()
  return (
    <div className={pageStyles.card}>
      <Empty
        title={t('No events yet')}
        drawing={<SieveDrawing />}
        actions={
          <>
            <Button variant="filled" onClick={() => void navigate({ to: '/data', search: { tab: 'send' } })}>
              {t('Send data')}
            </Button>
            <Button onClick={() => void navigate({ to: '/data', search: { tab: 'live' } })}>{t('See what arrives')}</Button>
          </>
        }
      >
        {t('Insights are about what people do: every event your site, app or server sends, such as “Product Viewed” or “Order Completed”. Revenue needs the properties “revenue” and “currency” on orders.')}
      </Empty>
    </div>
  )
}
