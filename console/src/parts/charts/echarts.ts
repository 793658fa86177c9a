// Only what is drawn: each chart more is bytes more.
import { BarChart, LineChart, SankeyChart } from 'echarts/charts'
import { GridComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, LineChart, SankeyChart, GridComponent, TooltipComponent, LabelLayout, SVGRenderer])

export { init }
