/*
 * A second subscriber of ESP-IDF's task watchdog. Moddable's own, the task that runs XS, is fed whenever the native loop
 * turns, whether or not the firmware gets anywhere. The chip is reset when either is not fed for
 * CONFIG_ESP_TASK_WDT_TIMEOUT_S; sdkconfig.defaults sets it.
 */

#include <stddef.h>
#include "esp_task_wdt.h"

static esp_task_wdt_user_handle_t firmware;

/* The first call subscribes. Where there is no memory for that, the next one tries again. */
void hearth_feed_watchdog(void)
{
#ifndef mxDebug /* The debugger stops the program for as long as someone looks at it. */
	if (firmware == NULL && esp_task_wdt_add_user("hearth", &firmware) != ESP_OK)
		firmware = NULL;
	else
		esp_task_wdt_reset_user(firmware);
#endif
}
