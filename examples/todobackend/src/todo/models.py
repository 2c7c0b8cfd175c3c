from django.db import models


class TodoItem(models.Model):
    title = models.CharField(max_length=256, blank=True, default="")
    completed = models.BooleanField(blank=True, default=False)
    order = models.IntegerField(null=True, blank=True)
