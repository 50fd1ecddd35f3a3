/* What an update asks of ESP-IDF and Moddable's foreign function interface cannot: what has pointers in its arguments. */

#include <stddef.h>
#include <stdint.h>
#include "sdkconfig.h"
#include "app_update/include/esp_ota_ops.h"

/* What the image was built for, such as "esp32c3". */
const char *hearth_chip(void)
{
	return CONFIG_IDF_TARGET;
}

/* Whether the bootloader goes back to the other slot at the next reset. */
int32_t hearth_is_pending(void)
{
	esp_ota_img_states_t state;

	if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) != ESP_OK)
		return 0;
	return state == ESP_OTA_IMG_PENDING_VERIFY;
}

/* The other slot is next, if it holds an image for this chip whose own digest is right. */
int32_t hearth_activate(void)
{
	return esp_ota_set_boot_partition(esp_ota_get_next_update_partition(NULL));
}
